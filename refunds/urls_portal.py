"""A customer's store credit (/credit/…): the link is the key."""

from django.urls import path

from refunds.views.store_credit import portal

app_name = "store_credit"

urlpatterns = [path("<str:number>/<str:signature>/", portal.balance_page, name="balance")]
