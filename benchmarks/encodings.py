"""Articles in eight legacy encodings, written as files and read back: the text must be the same.

    python -m benchmarks.encodings [DEV] [--articles N]

The articles are those of `seeds/`, and those of DEV, a folder of sets with
`<language>.articles.jsonl.gz`. Each is written as text, as Markdown and as a page, which declares
its encoding or does not, and read through `Reading`. Characters that an encoding does not have, or
does not give back, are taken out and counted; an article that would lose more than two in a
hundred is left out.
Prints JSON: by encoding, files and those whose text was right (of a page: the text that the same
page gives in UTF-8); then, by length of the text, how many are right, with chardet and
charset-normalizer alone beside it.
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import chardet

from assistant.articles import Reading, article_files
from assistant.articles.decoding import decode
from assistant.errors import ArticleUnreadable
from assistant.types import Article

ROOT = Path(__file__).parent.parent
ENCODINGS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "EUC-KR": ("cp949", ("ko",)),
    "Shift_JIS": ("cp932", ("ja",)),
    "GB18030": ("gb18030", ("zh",)),
    "Big5": ("cp950", ("zh-Hant",)),
    "windows-1251": ("cp1251", ("ru", "uk")),
    "windows-1252": ("cp1252", ("de", "es", "fr", "it", "no", "pt")),
    "windows-1256": ("cp1256", ("ar",)),
    "KOI8-R": ("koi8-r", ("ru",)),
}
"""The codec that writes each, and the languages that are written in it."""

TRADITIONAL = """港口重新開放

費爾港在關閉三個星期之後，於星期一早上重新開放。港務局表示，當時有四十艘船在外海等候，
其中十二艘載著穀物，另有五艘載著醫療用品。

港務局長林先生說：「我們先讓載著藥品的船進港，其餘的船要等到星期三。」工會則要求提高夜班的
津貼，並且希望在年底以前簽訂新的協議。

根據氣象局的預報，本週後半會有強風，屆時小型漁船不得出海。"""
"""An article in Traditional Chinese, which the seeds have not."""

CUTS = (100, 50, 20)
_SHARE_LEFT_OUT = 0.02


@dataclass(frozen=True, slots=True)
class Written:
    """A text that an encoding gives back, and how many characters were taken out of it."""

    text: str
    left_out: int


def seeds() -> dict[str, list[str]]:
    """The texts of the seeds by language."""
    found: dict[str, list[str]] = defaultdict(list, {"zh-Hant": [TRADITIONAL]})
    root = ROOT / "seeds"
    with Reading(root) as reading:
        for path in article_files(root):
            for item in reading.read(path):
                if isinstance(item, Article):
                    found[item.language].append(item.text)
    return found


def collection(folder: Path, count: int) -> dict[str, list[str]]:
    """At most `count` texts of each language of a folder of sets, drawn with a fixed seed."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for path in sorted(folder.glob("*/*.articles.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                found[row.get("language") or path.name.split(".")[0]][row["text"]] = None
    drawn: dict[str, list[str]] = {}
    for language, texts in sorted(found.items()):
        order = sorted(texts)
        random.Random(7).shuffle(order)
        drawn[language] = order[:count]
    return drawn


def written(text: str, codec: str) -> Written | None:
    """None where the encoding lacks too much, or where only ASCII would be written."""
    kept: list[str] = []
    for character in text.replace("\r\n", "\n").replace("\r", "\n"):
        data = character.encode(codec, "ignore")
        if data and data.decode(codec) == character:
            kept.append(character)
    left_out = len(text) - len(kept)
    result = "".join(kept).strip()
    if left_out > _SHARE_LEFT_OUT * len(text) or result.isascii():
        return None
    return Written(result, left_out)


def page(text: str, charset: str | None) -> str:
    meta = f'<meta charset="{charset}">' if charset else ""
    paragraphs = "".join(f"<p>{html.escape(line)}</p>\n" for line in text.split("\n") if line)
    body = f"<article>{paragraphs}</article>"
    return f"<!doctype html><html><head>{meta}</head><body>{body}</body></html>"


def files(text: str, label: str, codec: str) -> dict[str, bytes]:
    """The files that hold a text, by name."""
    return {
        "plain.txt": text.encode(codec),
        "front.md": f"---\nid: one\n---\n{text}".encode(codec),
        "declared.html": page(text, label).encode(codec),
        "undeclared.html": page(text, None).encode(codec),
        "same.html": page(text, "utf-8").encode(),
    }


def read_back(folder: Path, texts: Sequence[str], label: str, codec: str) -> Iterator[str]:
    """The kind of each file whose text was read as it was written, "wrong <kind>" of others."""
    for number, text in enumerate(texts):
        own = folder / f"{number:05}"
        own.mkdir()
        for name, data in files(text, label, codec).items():
            (own / name).write_bytes(data)
    with Reading(folder) as reading:
        found: dict[Path, list[str]] = {}
        for read in reading.read_all(article_files(folder)):
            found[read.path] = [item.text for item in read if isinstance(item, Article)]
    for path, result in found.items():
        if path.name == "same.html":
            continue
        wanted = [texts[int(path.parent.name)]]
        if path.suffix == ".html":
            wanted = found[path.parent / "same.html"]
        yield path.name if result == wanted and result else f"wrong {path.name}"


def _alone(data: bytes) -> str | None:
    try:
        return data.decode(chardet.detect(data)["encoding"] or "ascii")
    except (LookupError, UnicodeDecodeError):
        return None


def _normalizer(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    return None if best is None else str(best)


def _ours(data: bytes) -> str | None:
    try:
        return decode(data).text
    except ArticleUnreadable:
        return None


READERS = {"decode": _ours, "chardet": _alone, "charset-normalizer": _normalizer}


def lengths(texts: Sequence[str], codec: str, readers: Sequence[str]) -> dict[str, dict[str, int]]:
    """By length, the texts that are not ASCII and how many of them each reader gets right."""
    pieces: dict[str, list[str]] = {"article": list(texts)}
    pieces["paragraph"] = [next(filter(None, map(str.strip, t.split("\n")))) for t in texts]
    for cut in CUTS:
        pieces[f"{cut} characters"] = [text[:cut].strip() for text in texts]
    result: dict[str, dict[str, int]] = {}
    for name, parts in pieces.items():
        parts = [part for part in parts if not part.isascii()]
        result[name] = {"texts": len(parts)}
        for reader in readers:
            right = sum(READERS[reader](part.encode(codec)) == part for part in parts)
            result[name][reader] = right
    return result


def measure(
    texts: Mapping[str, Sequence[str]], *, readers: Sequence[str] = tuple(READERS)
) -> dict[str, object]:
    """The figures of each encoding, of all files, and of the texts by length."""
    result: dict[str, object] = {}
    read_files = right_files = 0
    for label, (codec, languages) in ENCODINGS.items():
        given = [text for language in languages for text in texts.get(language, ())]
        kept = [found for text in given if (found := written(text, codec)) is not None]
        own = [one.text for one in kept]
        with tempfile.TemporaryDirectory() as folder:
            kinds = list(read_back(Path(folder), own, label, codec))
        right = sum(not kind.startswith("wrong ") for kind in kinds)
        result[label] = {
            "articles": len(own),
            "articles_left_out": len(given) - len(own),
            "characters_left_out": sum(one.left_out for one in kept),
            "files": len(kinds),
            "right": right,
            "wrong": {kind: kinds.count(kind) for kind in sorted(set(kinds)) if "wrong" in kind},
            "by_length": lengths(own, codec, readers),
        }
        read_files += len(kinds)
        right_files += right
    return {"files": read_files, "right": right_files, "encodings": result}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("dev", nargs="?", type=Path, help="a folder of sets")
    parser.add_argument("--articles", type=int, default=100, help="of each language")
    arguments = parser.parse_args()
    texts = seeds()
    if arguments.dev:
        for language, more in collection(arguments.dev, arguments.articles).items():
            texts.setdefault(language, []).extend(more)
    result = measure(texts)
    print(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
