// testground-launch as a file that can be executed, without a file: its bytes are part of the program.
//
// The literal `LauncherBytes.base64` is made by the plugin LauncherBuild from
// Sources/System/testground-launch.

import Foundation
package import LinuxSystem

package enum LauncherImage {
    /// The program in memory of its own, made once and kept until this program ends.
    ///
    /// - Throws: `SystemError` when the kernel gives no such memory.
    package static func load() throws(SystemError) -> ExecutableMemory { try image.get() }

    private static let image = Result { () throws(SystemError) in try make() }

    private static func make() throws(SystemError) -> ExecutableMemory {
        // The literal is the output of base64(1); that it decodes is tested.
        let bytes = Data(base64Encoded: LauncherBytes.base64) ?? Data()
        return try ExecutableMemory(named: "testground-launch", bytes: [UInt8](bytes))
    }
}
