"""What learns from the web and from ratings, put together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from core.assembly.library import Library
from core.assembly.stores import Stores
from core.chat.notices import Notices
from core.curation.curator import Curator, PageEngines
from core.curation.gaps import GapFinder
from core.curation.git_checkout import GitCheckouts
from core.curation.missing_pages import MissingPages
from core.curation.watch import Watcher
from core.curation.websearch import open_search
from core.knowledge.review import ReviewService
from core.models.catalog import language_model_base
from core.models.registry import LoraRegistry
from core.ports import Embedder
from core.settings import Settings
from core.training.auto_promotion import AutoPromotion
from core.training.promotion import Promotion


@dataclass(frozen=True, slots=True)
class Curation:
    """The curator of proposals, the finder of gaps and the watcher of pages."""

    curator: Curator
    finder: GapFinder
    watcher: Watcher


def open_curation(
    settings: Settings,
    stores: Stores,
    library: Library,
    reviews: ReviewService,
    notices: Notices,
    embedder: Embedder,
    engines: PageEngines,
) -> Curation:
    """Return the parts that learn from the web; what they find is proposed in ``reviews``."""
    pages, ingest = library.pages, library.ingest
    search = open_search(settings.searxng_url)
    curator = Curator(search, pages, ingest, reviews, stores.documents, stores.reading_log, engines)
    missing, checkouts = MissingPages(stores.watches, notices), GitCheckouts(settings.data_dir / "sources")
    watcher = Watcher(stores.watches, pages, curator, ingest, stores.spaces, missing, checkouts)
    return Curation(curator, GapFinder(stores.gaps, embedder, curator, curator.readings, stores.spaces), watcher)


def open_promotion(settings: Settings, stores: Stores, versions: LoraRegistry) -> AutoPromotion:
    """Return what trains LoRA versions from ratings and lets the better ones answer."""
    return AutoPromotion(
        stores.rated_answers,
        Promotion(versions, stores.webhooks),
        partial(language_model_base, settings.local_model),
        settings.data_dir / "training",
        settings.train_after_ratings,
    )
