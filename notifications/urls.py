"""Messages as staff read them."""

from django.urls import path

from notifications import views

app_name = "notifications"

urlpatterns = [
    path("", views.message_list, name="list"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/rendered/", views.rendered, name="rendered"),
]
