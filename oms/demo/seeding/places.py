"""Where the demo's customers hand parcels in: made-up counters, and the carriers' own searches."""

from returns.models import CarrierLocator, DropOffPoint

LOCATORS = (
    ("ups", "UPS", "https://www.ups.com/dropoff"),
    ("fedex", "FedEx", "https://local.fedex.com/"),
    ("usps", "USPS", "https://tools.usps.com/find-location.htm"),
)
POINTS = (
    ("corner-shop", "UPS", "", "The Corner Shop", "12 Station Road, by the railway", "Monday to Saturday, 7:00–22:00"),
    ("key-cutter", "UPS", "", "Miller, keys and shoes", "3 Market Square", "Monday to Friday, 8:30–17:30"),
    ("parcel-desk", "FedEx", "", "Parcel desk", "1 Ring Road, beside the filling station", "Every day, 6:00–23:00"),
)


def make_places() -> None:
    CarrierLocator.objects.bulk_create(
        CarrierLocator(code=code, carrier=carrier, url=url) for code, carrier, url in LOCATORS
    )
    DropOffPoint.objects.bulk_create(
        DropOffPoint(
            code=code, carrier=carrier, country="GB", postcodes=postcodes, name=name, address=address, hours=hours
        )
        for code, carrier, postcodes, name, address, hours in POINTS
    )
