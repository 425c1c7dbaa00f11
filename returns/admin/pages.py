"""The dock's own pages, inside the admin."""

from django.contrib import admin

from returns.views import dock, goods

admin.site.add_page("scan/", dock.scan, "dock_scan")
admin.site.add_page("scan/<str:number>/receipts/", dock.receipts, "dock_receipts")
admin.site.add_page("scan/<str:number>/corrections/", dock.corrections, "dock_corrections")
admin.site.add_page("putaway/", dock.tray, "dock_tray")
admin.site.add_page("actions/", dock.actions, "dock_actions")
admin.site.add_page("found/", dock.found, "dock_found")
admin.site.add_page("found/new/", dock.found_new, "dock_found_new")
admin.site.add_page("found/<str:number>/decision/", dock.found_decision, "dock_found_decision")
admin.site.add_page("inspection/", dock.inspection_queue, "dock_inspection")
admin.site.add_page("inspection/<str:number>/", dock.inspection, "dock_inspection_of")
admin.site.add_page("packing/", dock.packing, "packing")
admin.site.add_page("packing/list/", dock.pick_list, "packing_list")
admin.site.add_page("packing/<str:number>/", dock.packing_of, "packing_of")
admin.site.add_page("packing/<str:number>/missing/", dock.missing, "packing_missing")
admin.site.add_page("packing/<str:number>/label/", dock.outbound_label, "packing_label")
admin.site.add_page("packing/<str:number>/departure/", dock.departure, "packing_departure")
admin.site.add_page("holds/", dock.holds, "dock_holds")
admin.site.add_page("holds/<int:hold>/decision/", dock.hold_decision, "dock_hold_decision")
admin.site.add_page("photos/<uuid:ref>/", dock.photo, "dock_photo")

admin.site.add_page("goods/", goods.goods, "goods")
admin.site.add_page("goods/<int:outcome>/", goods.goods_of, "goods_of")
admin.site.add_page("goods/<int:outcome>/workshop/", goods.workshop, "goods_workshop")
admin.site.add_page("goods/<int:outcome>/vendor/", goods.vendor_line, "goods_vendor")
admin.site.add_page("goods/<int:outcome>/proceeds/", goods.proceeds, "goods_proceeds")
admin.site.add_page("work/", goods.work_orders, "work_orders")
admin.site.add_page("work/<str:number>/", goods.work_order, "work_order")
admin.site.add_page("work/<str:number>/end/", goods.end, "work_end")
admin.site.add_page("work/<str:number>/off/", goods.call_off, "work_call_off")
admin.site.add_page("vendor-returns/", goods.vendor_returns, "vendor_returns")
admin.site.add_page("vendor-returns/<str:number>/", goods.vendor_return, "vendor_return")
admin.site.add_page("vendor-returns/<str:number>/step/", goods.vendor_step, "vendor_return_step")
admin.site.add_page("vendor-returns/<str:number>/credit/", goods.vendor_credit, "vendor_return_credit")
