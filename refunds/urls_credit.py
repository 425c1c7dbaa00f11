"""Store credit for staff (/refunds/store-credit/…)."""

from django.urls import path

from refunds.views import store_credit as views

urlpatterns = [
    path("", views.credit_list, name="store_credits"),
    path("liability/", views.liability, name="store_credit_liability"),
    path("terms/", views.terms, name="store_credit_terms"),
    path("orders/<str:order_number>/", views.grants_for_order, name="store_credit_for_order"),
    path("requests/<str:number>/agreement/", views.agreement, name="store_credit_agreement"),
    path("requests/<str:number>/refusal/", views.refusal, name="store_credit_refusal"),
    path("<str:number>/", views.detail, name="store_credit"),
    path("<str:number>/grants/", views.grants, name="store_credit_grants"),
    path("<str:number>/payments/", views.payments, name="store_credit_payments"),
    path("<str:number>/corrections/", views.corrections, name="store_credit_corrections"),
    path("<str:number>/withdrawals/", views.withdrawals, name="store_credit_withdrawals"),
]
