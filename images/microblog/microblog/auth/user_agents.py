"""What to call a browser and the system it runs on."""

# In this order: most of them also claim to be one of those below.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Vivaldi/": "Vivaldi",
    "SamsungBrowser/": "Samsung Internet",
    "FxiOS/": "Firefox",
    "Firefox/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
    "curl/": "curl",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def browser(user_agent: str) -> str:
    """Its usual name; "" when it says none that is known."""
    return next((name for sign, name in BROWSERS.items() if sign in user_agent), "")


def system(user_agent: str) -> str:
    """The usual name of the system; "" when it says none that is known."""
    return next((name for sign, name in SYSTEMS.items() if sign in user_agent), "")
