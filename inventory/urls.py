"""Stock, for staff."""

from django.urls import path

from inventory import views

app_name = "inventory"

urlpatterns = [
    path("", views.stock, name="stock"),
    path("bins/", views.bins, name="bins"),
    path("counts/", views.counts, name="counts"),
    path("counts/<str:number>/", views.count, name="count"),
    path("counts/<str:number>/decision/", views.count_decision, name="count_decision"),
    path("terms/", views.terms, name="terms"),
    path("soon/", views.shelf, name="shelf"),
    path("soon/days.svg", views.shelf_chart, name="shelf_chart"),
    path("check/", views.check, name="check"),
    path("units/", views.units, name="units"),
    path("units/labels/", views.labels, name="labels"),
    path("units/<str:number>/", views.unit, name="unit"),
    path("costing/<path:sku>/value.svg", views.chart, name="costing_chart"),
    path("costing/<path:sku>/", views.costing, name="costing"),
    path("products/<path:sku>/", views.movements, name="product"),
]
