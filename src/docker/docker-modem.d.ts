// The one part of docker-modem that dockerode's types do not show.
declare module 'docker-modem/lib/http.js' {
  const http: { maxRedirects: number }
  export default http
}
