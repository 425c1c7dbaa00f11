"""Papers for customers, behind signed links."""

from django.urls import path

from refunds.views import documents

app_name = "documents"

urlpatterns = [path("documents/<str:number>/<str:signature>.pdf", documents.memo, name="memo")]
