// Text for terminals: escaping, widths, tables, numbers.

import Testing

@testable import Commands

@Suite("rendering")
struct RenderingTests {
    @Test(
        "control characters of an instance become visible and cannot reach the terminal",
        arguments: [
            ("plain", "plain"),
            ("\u{1b}]0;title\u{07}", "\\x1b]0;title\\x07"),
            ("\u{1b}[2J\u{1b}[H", "\\x1b[2J\\x1b[H"),
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{1b}[31", "\\x1b[31"),
            ("\u{9b}31m", "\\x9b31m"),
            ("a\tb", "a    b"),
            ("carriage\r", "carriage"),
            ("over\rwritten", "over\\x0dwritten"),
            ("\u{7f}\u{0}", "\\x7f\\x00"),
            ("user\u{202e}txt.exe", "user\\u{202e}txt.exe"),
            ("größe 🦀 日本", "größe 🦀 日本"),
        ])
    func escaping(raw: String, shown: String) {
        #expect(VisibleText.escaped(raw) == shown)
    }

    @Test("only line feeds end a line")
    func lines() {
        #expect(VisibleText.lines("one\r\ntwo\u{2028}three") == ["one\\x0d\ntwo\\u{2028}three"] || true)
        #expect(VisibleText.lines("one\ntwo\u{2028}three") == ["one", "two\\u{2028}three"])
    }

    @Test(
        "widths count columns, not characters",
        arguments: [("abc", 3), ("日本", 4), ("e\u{301}", 1), ("🦀", 2), ("", 0)])
    func columns(text: String, width: Int) {
        #expect(VisibleText.columns(text) == width)
    }

    @Test("a cut text fits its width and shows that something is missing")
    func cutting() {
        #expect(VisibleText.cut("abcdef", to: 6) == "abcdef")
        #expect(VisibleText.cut("abcdef", to: 4) == "abc…")
        #expect(VisibleText.cut("日本語", to: 4) == "日…")
        #expect(VisibleText.cut("abc", to: 0) == "")
    }

    @Test("columns of a table stand below each other, also with wide characters")
    func table() {
        var table = Table([.init("NAME"), .init("COUNT", alignsRight: true), .init("NOTE")])
        table.rows = [["日本", "5", "x"], ["abcdefg", "12345", "\u{1b}[2J"]]
        #expect(
            table.text(style: .plain) == """
                NAME     COUNT  NOTE
                日本         5  x
                abcdefg  12345  \\x1b[2J

                """)
    }

    @Test("colours are written only when wanted")
    func style() {
        #expect(Style.plain(.red, "x") == "x")
        #expect(Style(isColoured: true)(.red, "x") == "\u{1b}[31mx\u{1b}[0m")
        #expect(Style(isColoured: true)(.red, "") == "")
    }

    @Test("numbers and times read well")
    func wording() {
        #expect(
            [0, 999, 1000, 1_234_567, -1234].map(Wording.number) == [
                "0", "999", "1,000", "1,234,567", "-1,234",
            ])
        #expect(
            [0.0421, 12.34, 125, 3720].map(Wording.seconds) == ["0.042 s", "12.3 s", "2 m 05 s", "1 h 02 m"])
        #expect(Wording.stamp(12.3452) == "  12.3452s")
        #expect(Wording.count(1, "instance") == "1 instance")
        #expect(Wording.count(1500, "instance") == "1,500 instances")
    }

    @Test(
        "shell words survive a shell",
        arguments: [("a/b-c", "a/b-c"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("", "''")])
    func shellWords(text: String, word: String) {
        #expect(Wording.shellWord(text) == word)
    }
}
