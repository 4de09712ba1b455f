// The style sheet of the HTML report: the only one, inline, without a font or picture from elsewhere.
#pragma once

namespace assay::report {

// Which submissions are shown is a matter of radio buttons and sibling selectors: the page runs no script.
inline constexpr const char* kHtmlStyle = R"css(
:root { color-scheme: light dark; --line: #8884; --dim: #777; --good: #1a7f37; --bad: #cf222e; --odd: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #f85149; --odd: #d29922; --dim: #999; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.dim { color: var(--dim); } .good { color: var(--good); } .bad { color: var(--bad); } .odd { color: var(--odd); }
.tiles { display: flex; flex-wrap: wrap; gap: 2.5rem; margin: 1rem 0; }
.tiles div { font-size: 1.6rem; font-variant-numeric: tabular-nums; }
.tiles span { display: block; font-size: .85rem; color: var(--dim); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .2rem .8rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; padding-left: 0; } tr:last-child.all { font-weight: 600; }
pre { background: #8881; padding: .6rem .8rem; overflow: auto; max-height: 24rem; white-space: pre-wrap;
      overflow-wrap: anywhere; font: 13px/1.45 ui-monospace, monospace; margin: .4rem 0; }
details { border-bottom: 1px solid var(--line); padding: .3rem 0; overflow-wrap: anywhere; }
details details { border: 0; margin-left: 1rem; } summary { cursor: pointer; }
summary b { font-weight: 600; } pre, b, p, td, span { unicode-bidi: isolate; } .score { font-variant-numeric: tabular-nums; }
.minus { color: var(--good); } .plus { color: var(--bad); }
#failed:checked ~ .list > :not(.failed), #faults:checked ~ .list > :not(.fault),
#passed:checked ~ .list > :not(.passed) { display: none; }
)css";

}  // namespace assay::report
