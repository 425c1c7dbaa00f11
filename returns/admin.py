"""Returns in the admin: the dock's own pages, and the records behind every return."""

from django.contrib import admin

from returns.views import dock

admin.site.add_page("scan/", dock.scan, "dock_scan")
admin.site.add_page("scan/<str:number>/receipts/", dock.receipts, "dock_receipts")
admin.site.add_page("inspection/", dock.inspection_queue, "dock_inspection")
admin.site.add_page("inspection/<str:number>/", dock.inspection, "dock_inspection_of")
admin.site.add_page("holds/", dock.holds, "dock_holds")
admin.site.add_page("holds/<int:hold>/decision/", dock.hold_decision, "dock_hold_decision")
admin.site.add_page("photos/<uuid:ref>/", dock.photo, "dock_photo")
