"""Settings of the shop, its people, and jobs that need a person (/settings/…)."""

from django.urls import path

from oms.views import jobs, settings, users

app_name = "settings"

urlpatterns = [
    path("shop/", settings.shop, name="shop"),
    path("warehouses/<str:code>/", settings.warehouse, name="warehouse"),
    path("users/", users.user_list, name="users"),
    path("users/<int:pk>/", users.detail, name="user"),
    path("users/<int:pk>/role/", users.role, name="user_role"),
    path("users/<int:pk>/access/", users.access, name="user_access"),
    path("users/<int:pk>/second-factor/", users.second_factor, name="user_second_factor"),
    path("users/<int:pk>/invitation/", users.invitation, name="user_invitation"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/<int:pk>/attempts/", jobs.attempts, name="job_attempts"),
]
