"""Returns for staff (/returns/…)."""

from django.urls import path

from returns.views import desk

app_name = "returns"

urlpatterns = [
    path("", desk.return_list, name="list"),
    path("review/", desk.review, name="review"),
    path("labels/", desk.labels, name="labels"),
    path("parcels/", desk.cases, name="cases"),
    path("parcels/<str:number>/", desk.case, name="case"),
    path("parcels/<str:number>/decision/", desk.case_decision, name="case_decision"),
    path("parcels/<str:number>/claim/", desk.case_claim, name="case_claim"),
    path("parcels/<str:number>/closing/", desk.case_closing, name="case_closing"),
    path("policy/", desk.policy, name="policy"),
    path("policy/drafts/", desk.drafts, name="policy_drafts"),
    path("policy/<int:number>/", desk.policy_version, name="policy_version"),
    path("policy/<int:number>/rules/", desk.new_rule, name="policy_new_rule"),
    path("policy/<int:number>/rules/<int:pk>/", desk.rule, name="policy_rule"),
    path("policy/<int:number>/rules/<int:pk>/removal/", desk.rule_removal, name="policy_rule_removal"),
    path("policy/<int:number>/replay/", desk.replay, name="policy_replay"),
    path("policy/<int:number>/publication/", desk.publication, name="policy_publication"),
    path("policy/<int:number>/removal/", desk.version_removal, name="policy_version_removal"),
    path("holds/<int:pk>/decision/", desk.hold_decision, name="hold_decision"),
    path("new/<str:order_number>/", desk.opening, name="opening"),
    path("gift/<str:order_number>/", desk.gift_link, name="gift_link"),
    path("gift/<str:order_number>/<int:link>/withdrawal/", desk.gift_withdrawal, name="gift_withdrawal"),
    path("<str:number>/", desk.detail, name="detail"),
    path("<str:number>/approval/", desk.approval, name="approval"),
    path("<str:number>/rejection/", desk.rejection, name="rejection"),
    path("<str:number>/question/", desk.question, name="question"),
    path("<str:number>/resolution/", desk.resolution, name="resolution"),
    path("<str:number>/goods/", desk.goods, name="goods"),
    path("<str:number>/money/", desk.money_instead, name="money_instead"),
    path("<str:number>/evidence/", desk.evidence_of, name="evidence"),
    path("<str:number>/evidence/<uuid:ref>/", desk.evidence_file, name="evidence_file"),
    path("<str:number>/own-parcel/", desk.own_parcel, name="own_parcel"),
    path("<str:number>/pickup/", desk.pickup, name="pickup"),
    path("<str:number>/cancellation/", desk.cancellation, name="cancellation"),
    path("<str:number>/label/<int:parcel>/again/", desk.label_again, name="label_again"),
    path("<str:number>/parcels/", desk.parcels, name="parcels"),
    path("<str:number>/label/<int:parcel>/", desk.label, name="label"),
    path("<str:number>/label/<int:parcel>/<str:kind>/", desk.label_file, name="label_file"),
    path("<str:number>/photos/<uuid:ref>/", desk.photo, name="photo"),
]
