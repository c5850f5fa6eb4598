import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite(.needsDataFolder) struct RealDataTests {
    func load(_ source: String, _ change: (inout DataSettings) -> Void = { _ in }) throws -> LoadedData {
        var settings = DataSettings()
        settings.source = source
        change(&settings)
        return try LoadedData(settings, seed: 0, relativeTo: dataFolder)
    }

    @Test func fashionMNIST() throws {
        let data = try load("fashion-mnist")
        #expect(data.training.count == 60_000 && data.heldOut?.count == 10_000)
        #expect(data.training.sampleShape == [28, 28])
        #expect((0..<10).allSatisfy { name in data.training.labels.count { $0 == name } == 6000 })
        #expect(data.preparation.input == .bytes(shape: [28, 28]))
    }

    @Test func cifar10() throws {
        let data = try load("cifar10")
        #expect(data.training.count == 10_000 && data.heldOut?.count == 10_000)
        #expect(data.training.sampleShape == [32, 32, 3])
        #expect(data.preparation.classNames?.first == "airplane" && data.preparation.classNames?.last == "truck")
        #expect((0..<10).allSatisfy { name in data.heldOut!.labels.count { $0 == name } == 1000 })
        // A cat, and the reddish brown that its picture begins with.
        #expect(data.heldOut!.labels[0] == 3 && data.heldOut!.bytes.prefix(3) == [158, 112, 49])
    }

    @Test(arguments: [
        ("iris.csv", nil, 150, 4, 3), ("adult-train.csv", nil, 32561, 108, 2), ("diamonds.csv", "price", 53940, 26, 1),
        ("covertype-20k.csv", nil, 20000, 52, 7), ("optdigits.tra", nil, 3823, 62, 10),
    ]) func tables(_ name: String, _ target: String?, _ rows: Int, _ width: Int, _ outputs: Int) throws {
        let data = try load("tabular/\(name)") {
            $0.target = target
            $0.validation = .share(0)
        }
        #expect(data.training.count == rows)
        #expect(data.training.sampleShape == [width])
        #expect(data.preparation.outputCount == outputs)
    }

    @Test func missingValues() throws {
        let target = "median_house_value"
        #expect(
            errorText {
                _ = try load("tabular/housing.csv") {
                    $0.target = target
                    $0.missing = .error
                }
            }.hasPrefix(#"tabular/housing.csv: 207 missing values in column "total_bedrooms" (first on line 292); "#))
        #expect(
            try load("tabular/housing.csv") {
                $0.target = target
                $0.missing = .mean
                $0.validation = .share(0)
            }.training.count == 20640)
        #expect(
            try load("tabular/housing.csv") {
                $0.target = target
                $0.missing = .drop
                $0.validation = .share(0)
            }.training.count == 20433)
        let titanic = try load("tabular/titanic-train.csv") {
            $0.target = "Survived"
            $0.missing = .mean
        }
        #expect(titanic.notes.count { $0.contains("left out") } == 2)
    }

    @Test func testFiles() throws {
        let data = try load("tabular/adult-train.csv") { $0.test = "tabular/adult-test.csv" }
        #expect(data.heldOut?.count == 16281)
        #expect(data.preparation.classNames == ["<=50K", ">50K"])
    }

    @Test func spectrum() throws {
        let spectrum = dataFolder!.appendingPathComponent("spec/csv-spectrum")
        let files = try FileManager.default.contentsOfDirectory(atPath: spectrum.appendingPathComponent("csvs").path)
        #expect(files.count == 11)
        for file in files {
            let rows = try CSV.rows(String(contentsOf: spectrum.appendingPathComponent("csvs/\(file)"), encoding: .utf8))
            let json = try Data(contentsOf: spectrum.appendingPathComponent("json/\(file.replacing(".csv", with: ".json"))"))
            let expected = try JSONDecoder().decode([[String: String]].self, from: json)
            #expect(rows.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(rows[0], $0)) } == expected, "\(file)")
        }
    }

    @Test func arrays() throws {
        let spec = dataFolder!.appendingPathComponent("spec/npy")
        let array = try NPY.array(ByteReader(Bytes(contentsOf: spec.appendingPathComponent("test.npy").path, name: "test.npy")))
        #expect(array.shape == [10])
        let archive = try NPZ(Bytes(contentsOf: spec.appendingPathComponent("test.npz").path, name: "test.npz"))
        #expect(archive.names == ["x", "x_plus_one"])
        #expect(
            try load("spec/npy/test.npz") {
                $0.target = "x_plus_one"
                $0.validation = .share(0)
            }.training.count == 10)
        for name in ["py2-np0-objarr.npy", "py2-objarr.npy", "py2-objarr.npz", "py3-objarr.npy", "py3-objarr.npz"] {
            #expect(errorText { _ = try load("spec/npy/\(name)") }.contains("pickled Python objects"))
        }
    }
}
