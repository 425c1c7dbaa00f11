import pytest
from django.core.exceptions import ImproperlyConfigured

from oms import addresses


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgres://u:p%40%2F@db.example.com:5432/shop", "shop"),
        ("postgresql://u@db.example.com/shop?sslmode=require", "shop"),
        ("postgres:///shop", "shop"),
    ],
)
def test_the_address_of_a_database_is_taken(url: str, name: str) -> None:
    assert addresses.postgres(url)["NAME"] == name


@pytest.mark.parametrize(
    "url",
    [
        "shop", "mysql://u@db.example.com/shop", "sqlite:////shop", "postgres://", "postgres://u:p/w@db.example.com/shop",
        "postgres://u:p@db.example.com:abc/shop", "postgres://u:p#w@db.example.com/shop",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_database_is_refused_with_how_it_looks(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL is not an address like postgres://"):
        addresses.postgres(url)


@pytest.mark.parametrize("url", ["", "redis://:p@r.example.com:6379/2", "rediss://r.example.com", "unix:///run/r.sock"])
def test_the_address_of_a_broker_is_taken(url: str) -> None:
    assert addresses.redis(url) == url


@pytest.mark.parametrize(
    "url", ["r.example.com", "redis://", "redis://r:port/0", "redis://r/main", "http://r/0", "redis://:p#w@r/0"]
)
def test_what_is_no_address_of_a_broker_is_refused_with_how_it_looks(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL is not an address like redis://"):
        addresses.redis(url)
