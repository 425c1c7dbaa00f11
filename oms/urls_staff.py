"""Staff pages that belong to no single app below: the first page of each role, orders, the one search, settings."""

from django.urls import include, path

from oms.views import home, orders, search, second_factor, settings

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
    path("settings/", include("oms.urls_settings")),
    path("shop/logo/<uuid:ref>.png", settings.logo, name="shop_logo"),
    # before allauth's own view of the same address
    path("accounts/2fa/totp/activate/", second_factor.activate_totp, name="mfa_activate_totp"),
]
