// How people and programs name one instance of a run.

/// One instance of a run: its group and its number within the group, written `miners[3]`.
package struct InstanceReference: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var group: String
    /// Number within the group, counted from 0; also the name of its outputs folder.
    package var index: Int

    package init(group: String, index: Int) {
        self.group = group
        self.index = index
    }

    package var description: String { "\(group)[\(index)]" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.group, left.index) < (right.group, right.index)
    }
}
