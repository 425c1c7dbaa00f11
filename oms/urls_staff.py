"""Staff pages that belong to no single app below: the first page of each role, orders, the one search, settings."""

from importlib.util import find_spec

from django.urls import include, path

from oms.views import home, orders, search

orders_patterns = (
    [
        path("", orders.order_list, name="list"),
        path("<str:number>/", orders.detail, name="detail"),
        path("<str:number>/cancellations/", orders.cancellations, name="cancellations"),
    ],
    "orders",
)

urlpatterns = [
    path("staff/", home.home, name="staff"),
    path("search/", search.search, name="search"),
    path("orders/", include(orders_patterns)),
]
if find_spec("oms.urls_settings"):
    urlpatterns.append(path("settings/", include("oms.urls_settings")))
