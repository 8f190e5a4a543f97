// Plans on this machine: `plans/` in the home, where a plan's name is its path there and may be nested.

import Execution
import Foundation
import TestgroundModel

/// A plan's directory, found.
struct FoundPlan: Sendable, Hashable {
    /// Its name in the home, or the last part of its path.
    var name: String
    /// Absolute path.
    var directory: String

    var manifestPath: String { "\(directory)/\(PlanDirectory.manifestName)" }
}

struct PlanDirectory: Sendable {
    static let manifestName = "manifest.toml"

    /// How deep plans may be nested: enough for repositories of plans, and an end for links in a circle.
    private static let deepest = 6

    /// Absolute path of `plans/`.
    let path: String

    init(home: TestgroundHome) {
        path = home.plans
    }

    // MARK: Finding

    /// The plan that a person means by a name in the home or a path.
    ///
    /// What begins with `/`, `./`, `../` or `~` is a path. Anything else is a name in the home first,
    /// then a path from the current directory.
    func find(_ text: String, _ platform: Platform) throws -> FoundPlan {
        let isPath = ["/", "./", "../", "~"].contains { text.hasPrefix($0) } || text == "." || text == ".."
        if !isPath, let directory = try? directory(named: text) {
            return try checked(FoundPlan(name: trimmed(text), directory: directory))
        }
        let directory = platform.absolute(text)
        guard exists(directory) else {
            let place = isPath ? directory : "\(path)/\(text), nor at \(directory)"
            throw CommandError.usage(
                "there is no plan at \(place)", remedy: suggestion(for: text))
        }
        let name = String(directory.split(separator: "/").last ?? "")
        return try checked(FoundPlan(name: name, directory: directory))
    }

    /// A composition's plan: a name in the home, else a directory beside the composition, else the plan
    /// that the composition lies in, known by its folder's or its manifest's name.
    ///
    /// - Parameter manifestName: the name in a plan's manifest.
    func find(
        _ name: String, besideComposition directory: String, _ platform: Platform,
        manifestName: (FoundPlan) -> String?
    ) throws -> FoundPlan {
        if let directory = try? self.directory(named: name) {
            return try checked(FoundPlan(name: trimmed(name), directory: directory))
        }
        let beside = AbsolutePath.make(name, in: directory, platform.environment)
        if exists("\(beside)/\(Self.manifestName)") {
            return FoundPlan(name: String(beside.split(separator: "/").last ?? ""), directory: beside)
        }
        var parts = directory.split(separator: "/")
        while let last = parts.last {
            let plan = FoundPlan(name: String(last), directory: "/" + parts.joined(separator: "/"))
            if exists(plan.manifestPath), last == name || manifestName(plan) == name { return plan }
            parts.removeLast()
        }
        throw CommandError.usage(
            "there is no plan \(name), neither in \(path) nor beside the composition, in \(directory)",
            remedy: suggestion(for: name))
    }

    /// The directory of a plan in the home.
    func directory(named name: String) throws -> String {
        let directory = try place(of: name)
        guard exists(directory) else {
            throw CommandError.usage("there is no plan \(name) in \(path)", remedy: suggestion(for: name))
        }
        return directory
    }

    /// Every plan in the home, by name.
    func list(below name: String = "") throws -> [FoundPlan] {
        let start = name.isEmpty ? path : try place(of: name)
        var found: [FoundPlan] = []
        search(start, name: name.isEmpty ? "" : trimmed(name), depth: 0, &found)
        return found.sorted { $0.name < $1.name }
    }

    // MARK: Changing

    /// Where a new plan of this name belongs.
    ///
    /// - Throws: `CommandError` when the place is taken, or inside of another plan.
    func free(_ name: String) throws -> String {
        let directory = try place(of: name)
        if exists(directory) {
            throw CommandError.usage(
                "there is a plan \(name) already, at \(directory)",
                remedy: "choose another name, or remove that one: testground plan rm --plan \(name) --yes")
        }
        var parent = URL(filePath: directory).deletingLastPathComponent().path(percentEncoded: false)
        while parent.count > path.count {
            if exists("\(parent)/\(Self.manifestName)") {
                throw CommandError.usage(
                    "\(parent) is a plan itself, and plans do not hold plans", remedy: "choose another name")
            }
            parent = URL(filePath: parent).deletingLastPathComponent().path(percentEncoded: false)
        }
        return directory
    }

    func makeParent(of directory: String) throws {
        let parent = URL(filePath: directory).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        } catch {
            throw CommandError(
                .failed,
                "\(parent.path(percentEncoded: false)) cannot be made: \(error.fileReason)",
                remedy: "check its owner and the free space, or set TESTGROUND_HOME")
        }
    }

    /// Links a directory of the person's into the home, so that edits take effect.
    func link(_ source: String, as directory: String) throws {
        guard exists(source) else {
            throw CommandError.usage(
                "there is no directory \(source)", remedy: "with --git, --from may be a repository's URL")
        }
        try makeParent(of: directory)
        do {
            try FileManager.default.createSymbolicLink(atPath: directory, withDestinationPath: source)
        } catch {
            throw CommandError(
                .failed, "\(directory) cannot be linked to \(source): \(error.fileReason)")
        }
    }

    /// Removes a plan; of a linked one only the link.
    func remove(_ directory: String) throws {
        do {
            try FileManager.default.removeItem(atPath: directory)
        } catch {
            throw CommandError(.failed, "\(directory) cannot be removed: \(error.fileReason)")
        }
    }

    // MARK: Details

    /// A name's place, never outside of the home.
    private func place(of name: String) throws -> String {
        let parts = trimmed(name).split(separator: "/", omittingEmptySubsequences: false)
        let isName =
            !parts.isEmpty
            && parts.allSatisfy { part in
                // As in manifests, no space: names stand in keys, variables and file names.
                !part.isEmpty && !part.hasPrefix(".")
                    && part.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7f }
            }
        guard isName else {
            throw CommandError.usage(
                "\"\(name)\" is no plan's name",
                remedy: "a name has parts divided by /, without spaces, none beginning with a dot")
        }
        return "\(path)/\(parts.joined(separator: "/"))"
    }

    private func trimmed(_ name: String) -> String {
        name.hasSuffix("/") ? String(name.dropLast()) : name
    }

    private func checked(_ plan: FoundPlan) throws -> FoundPlan {
        guard exists(plan.manifestPath) else {
            do {
                _ = try FileManager.default.contentsOfDirectory(atPath: plan.directory)
            } catch {
                throw CommandError.usage(
                    "the plan's directory \(plan.directory) cannot be read: \(error.fileReason)",
                    remedy: "check that it is a directory, its owner and its permissions")
            }
            throw CommandError.usage(
                "\(plan.directory) has no \(Self.manifestName), so it is no plan",
                remedy: "`testground plan create` makes one from a template")
        }
        return plan
    }

    private func search(_ directory: String, name: String, depth: Int, _ found: inout [FoundPlan]) {
        if exists("\(directory)/\(Self.manifestName)") {
            found.append(FoundPlan(name: name, directory: directory))
            return
        }
        guard depth < Self.deepest else { return }
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for entry in entries.sorted() where !entry.hasPrefix(".") {
            let path = "\(directory)/\(entry)"
            if isDirectory(path) {
                search(path, name: name.isEmpty ? entry : "\(name)/\(entry)", depth: depth + 1, &found)
            }
        }
    }

    private func suggestion(for text: String) -> String {
        let names = ((try? list()) ?? []).map(\.name)
        let wanted = text.split(separator: "/").last.map(String.init) ?? text
        let near = names.filter { $0.contains(wanted) || wanted.contains($0) }
        if !near.isEmpty { return "did you mean \(near.prefix(3).joined(separator: ", "))?" }
        return "`testground plan list` lists the plans in the home; a path to a plan's directory will do, too"
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private func isDirectory(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            && isDirectory.boolValue
    }
}
