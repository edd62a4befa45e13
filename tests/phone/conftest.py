"""Fixtures of the phone page: one browser and one server per test file, a new page per test."""

import pytest
from browser import PHONE, address_of, chromium, missing, served, wait_until


def pytest_collection_modifyitems(items):
    reason = missing()
    if reason:
        for item in items:
            if item.path.parent.name == "phone":
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def server():
    with served() as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def context(browser):
    with browser.new_context(**PHONE) as context:
        yield context


@pytest.fixture
def page(context, server):
    page = context.new_page()
    page.goto(address_of(server))
    wait_until(page, "ready", "offline")
    return page
