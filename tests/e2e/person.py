"""Somebody who uses the microblog through its pages, with forms and cookies as a browser sends them."""

from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup, Tag

PASSWORD = "correct horse battery staple"
TIMEOUT_SECONDS = 15


class Person:
    """A visitor with a browser session of their own."""

    def __init__(self, address: str, name: str) -> None:
        self.address = address
        self.name = name
        self.session = requests.Session()

    def get(self, path: str) -> requests.Response:
        return self.session.get(urljoin(self.address, path), timeout=TIMEOUT_SECONDS)

    def submit(self, page: str, action: str = "", **fields: str) -> requests.Response:
        """Fill in and send the form on a page whose action ends with `action`."""
        response = self.get(page)
        form = form_of(response.text, action)
        values = {
            str(field["name"]): str(field.get("value", ""))
            for field in form.select("input[name][type=hidden]")
        }
        target = urljoin(response.url, str(form.get("action") or ""))
        return self.session.post(target, data=values | fields, timeout=TIMEOUT_SECONDS)

    def send(self, path: str, picture: bytes | None = None, **fields: str) -> requests.Response:
        """Send what a form of some page would; with a picture, if there is one."""
        token = form_of(self.get("/language").text, "/language").select_one("[name=csrf_token]")
        assert token is not None
        files = {"image": ("picture.png", picture)} if picture else None
        values = {"csrf_token": str(token["value"]), **fields}
        return self.session.post(self.address + path, data=values, files=files, timeout=TIMEOUT_SECONDS)

    def register(self) -> requests.Response:
        """Make an account; whoever has made one is logged in."""
        mail = f"{self.name}@example.org"
        return self.submit("/register", username=self.name, email=mail, password=PASSWORD)

    def log_in(self, password: str = PASSWORD) -> requests.Response:
        return self.submit("/login", "/login", identity=self.name, password=password)

    def post(self, body: str) -> requests.Response:
        return self.submit("/", "/posts", body=body)

    def follow(self, other: "Person") -> requests.Response:
        return self.submit(f"/people/{other.name}", "/follow")

    def reads(self, path: str = "/") -> str:
        return BeautifulSoup(self.get(path).text, "html.parser").get_text(" ", strip=True)


def form_of(page: str, action: str) -> Tag:
    """The form in the page's main part that is sent to where `action` says, the first without it."""
    for form in BeautifulSoup(page, "html.parser").select("main form"):
        if str(form.get("action") or "").split("?")[0].endswith(action):
            return form
    raise AssertionError(f"no form is sent to {action!r} on this page:\n{page[:2000]}")
