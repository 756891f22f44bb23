"""The app's pages, one module each. Adding a module with a `VIEW` here adds the page."""

from importlib import import_module
from pkgutil import iter_modules

from app.web.view import View


def all_views() -> dict[str, View]:
    """List the views by name, in menu order."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    views: list[View] = sorted((m.VIEW for m in modules), key=lambda view: view.order)
    return {view.name: view for view in views}
