"""Run billing: `python -m billing serve | relay | migrate | parking-lot | catalogue | renewals`."""

from billing.config import Config
from chassis.config import ServiceConfig
from chassis.runner import Command, main


def catalogue(config: ServiceConfig, arguments: list[str]) -> int:
    """Run `catalogue check FILE | publish FILE | list | show [VERSION]`: what is on sale."""
    from billing import schemas  # noqa: PLC0415  serve must patch before anything else is imported
    from billing.usecases import catalogues  # noqa: PLC0415  as above

    files = catalogues.Files(shape_faults=schemas.shape_faults, as_published=schemas.as_published)
    return catalogues.run(config, arguments, files=files)


OWN = {
    "catalogue": Command(help="check, publish, list, show", runs="billing.__main__:catalogue", takes_arguments=True),
    "renewals": Command(help="say how many renewals are due, and how far the run is", runs="billing.usecases.renewals:show_progress"),
}

if __name__ == "__main__":
    main(package="billing", service="billing.service:BillingService", config=Config, own=OWN)
