"""The books, for finance (/books/…)."""

from django.urls import include, path

from oms.views import books

app_name = "books"

urlpatterns = [
    path("", books.balance, name="balance"),
    path("accounts/<str:name>/", books.account, name="account"),
    path("entries/", books.entry_list, name="entries"),
    path("entries/new/", books.by_hand, name="by_hand"),
    path("entries/<int:pk>/", books.entry, name="entry"),
    path("periods/", books.period_list, name="periods"),
    path("periods/<str:month>/closing/", books.closing, name="closing"),
    # what only refunds know: credit memos, their taxes, whether money is conserved, exports
    path("", include("refunds.urls_books")),
]
