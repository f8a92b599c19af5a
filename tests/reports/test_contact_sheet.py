import cv2
import numpy as np

from pipeline.reports.contact_sheet import HEIGHT, Entry, write_sheet


def entry(**changes):
    picture = np.zeros((60, 90, 3), np.uint8)
    outline = np.array([[10.0, 10], [50, 10], [50, 40], [10, 40]])
    facts = {
        "title": "w_1.jpg  whale_7: p 0.50",
        "picture": picture,
        "outlines": [outline],
        "points": np.array([[30.0, 20.0]]),
        "seen": np.full((20, 40, 1), 128, np.uint8),
        "evidence": np.eye(2, dtype=np.float32),
    }
    return Entry(**{**facts, **changes})


def test_a_sheet_shows_picture_marks_and_map(tmp_path):
    path = tmp_path / "sheet.png"
    write_sheet([entry(), entry(), entry()], path)
    sheet = cv2.imread(str(path))[..., ::-1]
    assert sheet.shape[0] > 2 * HEIGHT
    colours = {tuple(colour) for colour in sheet.reshape(-1, 3).tolist()}
    assert (255, 90, 90) in colours  # a point
    assert (128, 128, 128) in colours  # the crop
    assert any(red > 190 and green < 80 for red, green, _ in colours)  # the map
    again = tmp_path / "again.png"
    write_sheet([entry(), entry(), entry()], again)
    assert again.read_bytes() == path.read_bytes()


def test_marks_far_outside_and_a_map_without_evidence_do_no_harm(tmp_path):
    outline = np.array([[-1e9, 0.0], [1e9, 0], [1e9, 1e9], [0, 1e9]])
    write_sheet([entry(outlines=[outline], evidence=np.zeros((2, 2), np.float32))], tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").stat().st_size > 0
