// The built-in message as a template, one in each language. It says what `template --print` prints, and goes the way
// that a template of one's own goes.
import { type Language, TEXTS } from './texts.js'

/** Its text in a language. */
export function builtInTemplate(language: Language): string {
  const { labels, major, pendingSince, applied, healthy, unhealthy, since, rolledBack, lasts, supersededBy, removed } = TEXTS[language]
  return `{{headline}}
{{#updates}}

{{#pending}}
{{#service}}${labels.service} {{service}}{{/service}}{{^service}}${labels.image} {{image}}{{/service}}
{{#severalProjects}}
{{#project}}
${labels.project} {{project}}
{{/project}}
{{#directory}}
${labels.directory} {{directory}}
{{/directory}}
{{/severalProjects}}
${labels.current} {{current}}
${labels.new} {{#before}}{{before}} → {{/before}}{{#releaseNotes}}<a href="{{releaseNotes}}">{{new}}</a>{{/releaseNotes}}{{^releaseNotes}}{{new}}{{/releaseNotes}}{{#major}} ${major}{{/major}}{{#since}}, ${pendingSince} {{since}}{{/since}}
{{#commands}}

${labels.command}
<pre>{{commands}}</pre>
{{/commands}}
{{/pending}}
{{#applied}}
{{^unhealthy}}✅{{/unhealthy}}{{#unhealthy}}❌{{/unhealthy}} {{name}} {{current}} → {{new}}, ${applied} {{when}}{{#healthy}}, ${healthy}{{/healthy}}{{#unhealthy}}, ${unhealthy}{{#unhealthySince}} ${since} {{unhealthySince}}{{/unhealthySince}}{{/unhealthy}}
{{/applied}}
{{#rolledBack}}
↩️ {{name}}${rolledBack} {{current}}, {{when}}
{{#details}}
{{#pinned}}
${lasts.pinned}
<pre>image: {{pinned}}</pre>
{{/pinned}}
{{^pinned}}
${lasts.unpinned}
{{/pinned}}
{{/details}}
{{/rolledBack}}
{{#superseded}}
<s>{{name}} {{current}} → {{new}}</s>, ${supersededBy} {{#newerLink}}<a href="{{newerLink}}">{{newer}}</a>{{/newerLink}}{{^newerLink}}{{newer}}{{/newerLink}}
{{/superseded}}
{{#removed}}
<s>{{name}} {{current}} → {{new}}</s>, ${removed}
{{/removed}}
{{#rollback}}

{{#unhealthy}}
${labels.rollback}
<pre>{{rollback}}</pre>
{{#pinned}}
${labels.pinned} <code>{{pinned}}</code>
{{/pinned}}
{{/unhealthy}}
{{^unhealthy}}
<blockquote expandable>${labels.rollback}
<pre>{{rollback}}</pre>{{#pinned}}
${labels.pinned} <code>{{pinned}}</code>{{/pinned}}</blockquote>
{{/unhealthy}}
{{/rollback}}
{{/updates}}
{{#failed}}
{{#first}}

{{/first}}
{{^still}}{{^recovered}}${labels.failed}{{/recovered}}{{/still}}{{#still}}${labels.stillFailed}{{/still}}{{#recovered}}${labels.recovered}{{/recovered}} {{names}}{{^recovered}}, {{reason}}{{/recovered}}
{{#remedy}}
→ {{remedy}}
{{/remedy}}
{{/failed}}
{{#stillPending}}
{{#first}}

{{/first}}
{{^reminder}}${labels.stillPending} {{/reminder}}{{name}} {{current}} → {{new}}, {{age}}
{{/stillPending}}
`
}
