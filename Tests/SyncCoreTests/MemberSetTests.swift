// Sets of member numbers.

import Testing

@testable import SyncCore

@Suite("Member sets")
struct MemberSetTests {
    @Test("counting without another set agrees with counting one by one")
    func difference() {
        var left = MemberSet(count: 200)
        var right = MemberSet()
        for member in stride(from: 0, to: 300, by: 3) { right.insert(member) }
        for member in stride(from: 1, to: 200, by: 5) { left.remove(member) }
        let expected = (0..<200).filter { left.contains($0) && !right.contains($0) }.count
        #expect(left.count(without: right) == expected)
        #expect(left.count == (0..<200).filter(left.contains).count)
        #expect(MemberSet(count: 3).count(without: MemberSet(only: 1)) == 2)
    }

    @Test("insert tells whether the member was new")
    func insertion() {
        var set = MemberSet()
        let isNew = [set.insert(130), set.insert(130)]
        #expect(isNew == [true, false])
        #expect(!set.contains(129))
        set.remove(500)
        #expect(set.count == 1)
    }
}
