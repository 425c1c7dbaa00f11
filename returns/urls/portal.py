"""The customer's addresses: no account, no session. Links of a draft and of a return cannot be guessed."""

from django.urls import path

from returns.views.portal import (
    cases,
    confirmation,
    draft_photos,
    exchange,
    gift,
    giving,
    items,
    lookup,
    outgoing,
    own_parcel,
    pages,
    papers,
    phone,
    status,
    status_answers,
)

app_name = "portal"

urlpatterns = [
    path("", lookup.lookup, name="lookup"),
    path("gift/<uuid:ref>/<str:signature>/", gift.gift, name="gift"),
    # a return being put together
    path("return/<uuid:draft>/items/", items.items, name="items"),
    path("return/<uuid:draft>/details/", items.details, name="details"),
    path("return/<uuid:draft>/resolution/", confirmation.resolution, name="resolution"),
    path("return/<uuid:draft>/exchange/", exchange.exchange, name="exchange"),
    path("return/<uuid:draft>/exchange/<int:line>/", exchange.exchange_item, name="exchange_item"),
    path("return/<uuid:draft>/confirmation/", confirmation.confirmation, name="confirmation"),
    path("return/<uuid:draft>/photos/", draft_photos.add, name="draft_photos"),
    path("return/<uuid:draft>/photos/<uuid:photo>/", draft_photos.photo, name="draft_photo"),
    path("return/<uuid:draft>/gift/", giving.giving, name="giving"),
    path("return/<uuid:draft>/gift/<int:link>/withdrawal/", giving.withdrawal, name="giving_withdrawal"),
    # a return
    path("r/<str:number>/<str:signature>/", status.status, name="status"),
    path("r/<str:number>/<str:signature>/label/", status.label, name="label"),
    path("r/<str:number>/<str:signature>/label/<int:parcel>/", papers.parcel_label, name="parcel_label"),
    path("r/<str:number>/<str:signature>/label/<int:parcel>/<str:kind>/", papers.label_file, name="label_file"),
    path("r/<str:number>/<str:signature>/parcels/", papers.parcels, name="parcels"),
    path("r/<str:number>/<str:signature>/slip.pdf", status.slip, name="slip"),
    path("r/<str:number>/<str:signature>/photos/<uuid:photo>/", status.photo, name="photo"),
    path("r/<str:number>/<str:signature>/cancellation/", status_answers.cancellation, name="cancellation"),
    path("r/<str:number>/<str:signature>/answer/", status_answers.answer, name="answer"),
    path("r/<str:number>/<str:signature>/holds/<int:hold>/answer/", status_answers.hold_answer, name="hold_answer"),
    path("r/<str:number>/<str:signature>/payment/", outgoing.payment, name="payment"),
    path("r/<str:number>/<str:signature>/payment/credit/", outgoing.credit, name="credit_payment"),
    path("r/<str:number>/<str:signature>/something-else/", outgoing.something_else, name="something_else"),
    path("r/<str:number>/<str:signature>/money/", outgoing.money_instead, name="money_instead"),
    path("r/<str:number>/<str:signature>/own-parcel/", own_parcel.own_parcel, name="own_parcel"),
    path("r/<str:number>/<str:signature>/survey/", status_answers.survey, name="survey"),
    # a parcel that went wrong
    path("parcel/<str:number>/<str:signature>/", cases.case, name="case"),
    # a phone beside a station at the dock
    path("phone/<str:token>/", phone.phone, name="phone"),
    # the rules
    path("policy/", pages.policy, name="policy"),
    path("privacy/", pages.privacy, name="privacy"),
]
