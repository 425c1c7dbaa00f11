"""Stock, for staff."""

from django.urls import path

from inventory import views

app_name = "inventory"

urlpatterns = [
    path("", views.stock, name="stock"),
    path("bins/", views.bins, name="bins"),
    path("products/<path:sku>/", views.movements, name="product"),
]
