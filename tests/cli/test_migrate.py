from app.core.migrations import head


def test_an_empty_database_is_brought_to_this_release_and_then_left_alone(server, backcast):
    for _ in range(2):
        code, out, err = backcast("migrate")
        assert code == 0
        assert head() in out + err
    code, out, _ = backcast("workspace", "list")
    assert (code, len(out.splitlines())) == (0, 1)  # the heads of columns, and no row
