import io
import unittest
from unittest import mock

class Calc:
    def add(self, a, b): return a + b

class T(unittest.TestCase):
    @classmethod
    def setUpClass(cls): cls.log = ["class"]
    def setUp(self): self.c = Calc(); self.addCleanup(self.log.append, "cleanup")
    def test_add(self): self.assertEqual(self.c.add(2, 3), 5)
    def test_fail(self): self.assertEqual([1, 2], [1, 3])
    def test_error(self): {}["x"]
    def test_raises(self):
        with self.assertRaisesRegex(ValueError, "invalid lit"):
            int("x")
        self.assertAlmostEqual(0.1 + 0.2, 0.3); self.assertCountEqual([1, 2], [2, 1])
    def test_sub(self):
        for i in range(3):
            with self.subTest(i=i):
                self.assertNotEqual(i, 1)
    @unittest.skip("later")
    def test_skip(self): pass
    @unittest.expectedFailure
    def test_xfail(self): self.assertTrue(False)
    def test_mock(self):
        with mock.patch.object(Calc, "add", return_value=99) as m:
            self.assertEqual(self.c.add(1, b=2), 99)
        m.assert_called_once_with(1, b=2)
        f = mock.Mock(side_effect=[1, KeyError])
        self.assertEqual(f(), 1); self.assertRaises(KeyError, f)

suite = unittest.TestLoader().loadTestsFromTestCase(T)
res = unittest.TextTestRunner(stream=io.StringIO()).run(suite)
print([t.id().split(".")[-1] for t, _ in res.failures], [t.id().split(".")[-1] for t, _ in res.errors])
print([r for _, r in res.skipped], len(res.expectedFailures), res.wasSuccessful(), T.log.count("cleanup"))
print("First differing element 1:" in res.failures[0][1], "KeyError: 'x'" in res.errors[0][1])
m = mock.MagicMock(); m.a.b(3); m["k"] = 1
print(m.mock_calls, m.a.b.call_count)
