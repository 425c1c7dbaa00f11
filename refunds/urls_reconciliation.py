"""Our refunds beside other books, for finance (/reconciliation/…)."""

from django.urls import path

from refunds.views import reconciliation as views

app_name = "reconciliation"

urlpatterns = [
    path("", views.worklist, name="worklist"),
    path("runs/", views.run_list, name="runs"),
    path("runs/<str:number>/", views.run, name="run"),
    path("runs/<str:number>/cancellation/", views.cancellation, name="cancellation"),
    path("<str:number>/", views.discrepancy, name="discrepancy"),
    path("<str:number>/assignment/", views.assignment, name="assignment"),
    path("<str:number>/notes/", views.notes, name="notes"),
    path("<str:number>/resolution/", views.resolution, name="resolution"),
    path("<str:number>/reopening/", views.reopening, name="reopening"),
]
