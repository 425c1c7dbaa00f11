"""The dashboard (/dashboard/…)."""

from django.urls import path

from reporting import views

app_name = "reporting"

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("damage/", views.damage, name="damage"),
    path("charts/<slug:name>.svg", views.chart, name="chart"),
    path("rows/<slug:kind>/", views.rows, name="rows"),
    path("rows/<slug:kind>.csv", views.rows_csv, name="rows_csv"),
    path("reports/<slug:name>.csv", views.report_csv, name="report_csv"),
]
