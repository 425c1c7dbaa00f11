"""What stands under /books/ and only refunds know; part of the namespace `books`."""

from django.urls import path

from refunds.views import books

urlpatterns = [
    path("memos/", books.memo_list, name="memos"),
    path("memos/<str:number>.pdf", books.memo, name="memo"),
]
