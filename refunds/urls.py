"""Refunds for staff (/refunds/…)."""

from django.urls import include, path

from refunds import views

app_name = "refunds"

urlpatterns = [
    path("", views.refund_list, name="list"),
    path("approvals/", views.approvals, name="approvals"),
    path("external/", views.externals, name="externals"),
    path("external/<str:number>/", views.external, name="external"),
    path("messages/", views.unattached, name="unattached"),
    path("goodwill/<str:order_number>/", views.goodwill, name="goodwill"),
    path("store-credit/", include("refunds.urls_credit")),
    path("<str:number>/", views.detail, name="detail"),
    path("<str:number>/approval/", views.approval, name="approval"),
    path("<str:number>/refusal/", views.refusal, name="refusal"),
    path("<str:number>/attempts/", views.attempts, name="attempts"),
    path("<str:number>/cancellation/", views.cancellation, name="cancellation"),
    path("<str:number>/confirmation/", views.confirmation, name="confirmation"),
    path("<str:number>/destination/", views.destination, name="destination"),
    path("<str:number>/tenders/", views.tenders, name="tenders"),
    path("<str:number>/evidence/<uuid:ref>/", views.evidence, name="evidence"),
]
