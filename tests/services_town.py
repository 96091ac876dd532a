"""A neighbourhood to look for things in, and how tests read the pages that show it.

Its fixtures are in `tests.services_fixtures`.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from gridmap.places.model import Place, Post, ServiceItem
from tests.api_client import STREET_GRID
from tests.browser import Visit

# The clock stands at 10:00 on a Monday, 23 November 2026.
PLACES = (
    Place("P1", "canteen", "东苑社区食堂", 117.003, 36.6035, "Dongyuan Canteen", "文化东路12号",
          "Mo-Su 06:30-09:00,09:30-13:30,17:00-19:00", phone="0990-5550101", price="15元",
          special_services=("长者助餐", "送餐上门"), wheelchair=True, floor="一层",
          entrance="东门进", checked_on=date(2026, 10, 1), source="网格员核查",
          accessibility=("step_free", "accessible_toilet"), languages=("普通话", "手语"),
          organiser="文化社区"),
    Place("P2", "canteen", "远处食堂", 117.036, 36.605, hours="Mo-Su 08:00-20:00",
          phone="0990-5550102"),
    Place("P3", "canteen", "晚餐铺", 117.004, 36.603, hours="Mo-Su 17:00-02:00",
          phone="0990-5550103", checked_on=date(2024, 1, 1)),
    Place("P4", "repair", "预约配钥匙", 117.0035, 36.6041, hours='Mo-Fr 09:00-17:00 "需预约"',
          price="免费"),
    Place("P5", "health", "文化社区卫生服务站", 117.006, 36.604,
          hours="Mo-Fr 08:00-12:00,14:00-17:30; PH off", phone="0990-5550105"),
)  # fmt: skip
ITEMS = (
    ServiceItem("V1", "助餐", "送餐上门", "Meals at home", needs=("做饭", "行动不便"),
                channel="打电话预约", steps=("打电话", "登记地址", "当天送到"),
                phone="0990-5550801", price="3元/次"),
)  # fmt: skip
POSTS = (
    Post("T1", "p1", "演示一", "grid_worker", "basic", "grid", STREET_GRID, "0990-5550001"),
    Post("T3", "p3", "演示三", "police_officer", "professional", "grid", STREET_GRID,
         "0990-5550003"),
)  # fmt: skip


def opened(visit: Visit, address: str) -> Any:
    """Open a page that does not keep a failing test waiting."""
    visit.page.set_default_timeout(20_000)
    return visit.open(address)


def names(page: Any) -> list[str]:
    return page.locator(".place .name").all_inner_texts()


def settled(page: Any) -> None:
    page.wait_for_selector("#page:not([aria-busy])")


def without_room(page: Any) -> None:
    """Let the device have no room for anything more that the worker would keep."""
    (worker,) = page.context.service_workers
    worker.evaluate(
        "() => { Cache.prototype.put ="
        " () => Promise.reject(new DOMException('', 'QuotaExceededError')); }"
    )
