"""The demo region: 海东省 Haidong, whose fictional operator is 蓝海通信 Lanhai."""

from records.region.overlay import NoRegion, overlay
from records.region.people import ACCOUNTS, open_accounts
from records.region.seeding import Counts, RegionRefused, find_region, seed
from records.region.sizes import SIZES

__all__ = [
    "ACCOUNTS",
    "SIZES",
    "Counts",
    "NoRegion",
    "RegionRefused",
    "find_region",
    "open_accounts",
    "overlay",
    "seed",
]
