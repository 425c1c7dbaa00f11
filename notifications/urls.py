"""Messages as staff read them."""

app_name = "notifications"

urlpatterns: list[object] = []
