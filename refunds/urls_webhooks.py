"""Where providers and carriers send their messages (/webhooks/…)."""

from django.urls import path

from refunds import webhooks
from returns import webhooks as carrier_webhooks

urlpatterns = [
    path("stripe/", webhooks.stripe, name="webhook-stripe"),
    path("paypal/", webhooks.paypal, name="webhook-paypal"),
    path("easypost/", carrier_webhooks.easypost, name="webhook-easypost"),
]
