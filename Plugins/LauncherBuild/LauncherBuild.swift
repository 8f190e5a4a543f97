// Builds testground-launch, the static C program that starts in an instance's place, and turns its bytes into
// a Swift literal: the platform stays one file that needs nothing beside it, and no binary is kept in the
// repository.

import Foundation
import PackagePlugin

@main
struct LauncherBuild: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let source = context.package.directoryURL.appending(path: "Sources/System/testground-launch/main.c")
        let folder = context.pluginWorkDirectoryURL
        let output = folder.appending(path: "LauncherBytes.swift")
        return [
            .buildCommand(
                displayName: "Building testground-launch",
                executable: URL(filePath: "/bin/sh"),
                arguments: ["-euc", Self.script, "sh"]
                    + [source, folder, output].map { $0.path(percentEncoded: false) }
                    + [try context.tool(named: "clang").url.path(percentEncoded: false)],
                inputFiles: [source],
                outputFiles: [output])
        ]
    }

    /// $1 source, $2 folder for what lies in between, $3 Swift file, $4 the toolchain's compiler.
    ///
    /// Static, since the program runs in any image and starts in a tenth of the time; sections that nothing
    /// refers to are left out, since every byte is compiled in once more. `$CC` overrides the compiler.
    private static let script = #"""
        program="$2/testground-launch"
        "${CC:-$4}" -std=gnu17 -static -Os -s -Wall -Wextra -Werror -ffunction-sections -Wl,--gc-sections \
            -o "$program" "$1" || {
            echo "testground-launch needs a C compiler and the static C library (Debian: libc6-dev)" >&2
            exit 1
        }
        {
            echo '// Generated from Sources/System/testground-launch/main.c.'
            echo 'enum LauncherBytes {'
            printf '    static let base64 = "'
            base64 "$program" | tr -d '\n'
            printf '"\n}\n'
        } > "$3"
        """#
}
