"""The acronyms that documents explain: those that a document prints, in whatever language, and no other. Pure."""

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _


def explained(html: str) -> list[tuple[str, str]]:
    """Those in the text of a page, in order, with what they mean in the active language."""
    words = set(re.findall(r"\w+(?:-\d+)?", re.sub(r"<[^>]*>", " ", html)))
    found = [(short, meaning) for shorts, meaning in known() for short in shorts if short in words]
    return sorted(found, key=lambda entry: entry[0].casefold())


def known() -> Sequence[tuple[Sequence[str], str]]:
    """Each with its forms, English and French where they differ: people's texts are printed as written."""
    return (
        (("CDS",), _("Customs Declaration System: the UPU’s software for declaring items to customs")),
        (
            ("DKIM",),
            _("DomainKeys Identified Mail: a signature by which a receiver can check which domain a mail comes from"),
        ),
        (
            ("DMARC",),
            _(
                "Domain-based Message Authentication, Reporting and Conformance: what a domain asks receivers to do"
                " with mail that fails the checks (SPF, DKIM)"
            ),
        ),
        (("DNSSEC",), _("Domain Name System Security Extensions: signatures that protect a domain’s entries")),
        (
            ("DO", "OD"),
            _("designated operator: the entity that the country designated to run its postal services"),
        ),
        (("DRE",), _("digital readiness for e-commerce")),
        (("EAD",), _("electronic advance data: what customs receives about an item before it arrives")),
        (("EMSEVT",), _("UPU standard message that reports what happens to an item on its way")),
        (("HTTPS",), _("Hypertext Transfer Protocol Secure: an encrypted connection to a website")),
        (("IB", "BI"), _("International Bureau of the Universal Postal Union")),
        (("ICT", "TIC"), _("information and communication technologies")),
        (("IPS",), _("International Postal System: the UPU’s software for international mail")),
        (("IT",), _("information technology")),
        (("ITMATT",), _("UPU standard message with the data of an item, for customs among others")),
        (("MSME", "MPME"), _("micro, small and medium-sized enterprises")),
        (("ORE",), _("operational readiness for e-commerce: another project of the UPU")),
        (("PTC", "CTP"), _("Postal Technology Centre of the International Bureau")),
        (("S10",), _("UPU standard for the identifier of an item and its bar code")),
        (
            ("SHA-256",),
            _("checksum: two documents with the same one were made from the same state of the assessment"),
        ),
        (("SPF",), _("Sender Policy Framework: the list of the servers that may send a domain’s mail")),
        (("UPU",), _("Universal Postal Union")),
        (("UTC",), _("Coordinated Universal Time")),
    )
