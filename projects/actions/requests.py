"""A country's request: recorded, accepted or declined by the International Bureau."""

import datetime
from typing import Any

from projects.models import Country, CountryRequest, RequestStatus


def record_request(*, country: Country, received_on: datetime.date, sender: str, note: str, by: Any) -> CountryRequest:
    return CountryRequest.objects.create(
        country=country, received_on=received_on, sender=sender, note=note, recorded_by=by
    )


def accept_request(request: CountryRequest, *, by: Any) -> None:
    request.decide(RequestStatus.ACCEPTED, by=by)


def decline_request(request: CountryRequest, *, by: Any) -> None:
    request.decide(RequestStatus.DECLINED, by=by)
