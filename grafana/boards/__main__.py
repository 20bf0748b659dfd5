"""Write grafana/dashboards anew; what is there of a board that is gone, is removed."""

from pathlib import Path

from grafana.boards.every import BOARDS

FOLDER = Path(__file__).parents[1] / "dashboards"


def main() -> None:
    """One file for each board."""
    for file in FOLDER.glob("*.json"):
        if file.stem not in {board.uid for board in BOARDS}:
            file.unlink()
    for board in BOARDS:
        (FOLDER / f"{board.uid}.json").write_text(board.json(), encoding="utf-8")


if __name__ == "__main__":
    main()
