"""Every address of the product, grouped by who uses it."""

from django.contrib import admin
from django.urls import include, path

from oms.views import health

urlpatterns = [
    # customers
    path("", include("returns.urls.portal")),
    path("", include("refunds.urls_documents")),
    # staff
    path("", include("oms.urls_staff")),
    path("returns/", include("returns.urls.desk")),
    path("stock/", include("inventory.urls")),
    path("refunds/", include("refunds.urls")),
    path("credit/", include("refunds.urls_portal")),
    path("books/", include("oms.urls_books")),
    path("reconciliation/", include("refunds.urls_reconciliation")),
    path("messages/", include("notifications.urls")),
    path("dashboard/", include("reporting.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    # machines
    path("webhooks/", include("refunds.urls_webhooks")),
    path("healthz", health.live),
    path("healthz/deep", health.deep),
]
