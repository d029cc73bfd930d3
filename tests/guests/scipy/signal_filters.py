import numpy as np
from scipy import signal as sg

fs = 200
t = np.arange(fs) / fs
x = np.sin(2 * np.pi * 5 * t) + 0.5 * np.sin(2 * np.pi * 60 * t)
b, a = sg.butter(4, 20, fs=fs)
y = sg.filtfilt(b, a, x)
print(b.round(6).tolist(), a.round(4).tolist(), bool(np.abs(y[40:160] - np.sin(2 * np.pi * 5 * t)[40:160]).max() < 0.02))
sos = sg.butter(4, [15, 80], "bandpass", fs=fs, output="sos")
print(sos.shape, round(float(np.abs(sg.sosfilt(sos, np.ones(400))[-1])), 6), sg.lfilter([1], [1, -0.5], [1, 0, 0, 0]).tolist())
f, p = sg.periodogram(x, fs)
print(f[np.argsort(p)[-2:]].tolist(), sg.welch(x, fs, nperseg=100)[0][np.argmax(sg.welch(x, fs, nperseg=100)[1])].item())
print(sg.find_peaks([0, 2, 1, 3, 0, 5, 0], height=2.5)[0].tolist(), sg.find_peaks(x, distance=20)[0].size, sg.argrelmax(np.array([0, 2, 1, 3, 0]))[0].tolist())
print(sg.convolve([1, 2, 3], [1, 1]).tolist(), sg.fftconvolve([1, 2, 3], [1, 1]).round(8).tolist(), sg.correlate([1, 2, 3], [0, 1], "same").tolist(), sg.convolve2d([[1, 2], [3, 4]], [[1, 1]]).tolist())
print(sg.medfilt([1, 9, 2, 3, 8], 3).tolist(), sg.savgol_filter([1.0, 4, 9, 16, 25], 5, 2).round(6).tolist(), np.allclose(sg.detrend([1, 2, 3.0, 4]), 0))
print(sg.get_window("hann", 4).round(6).tolist(), sg.windows.gaussian(3, 1).round(4).tolist(), sg.resample(np.array([0, 1.0, 0, -1.0]), 8).round(4).tolist()[:4], sg.decimate(np.arange(40.0), 4, ftype="fir").size)
z, pl, k = sg.tf2zpk([1, -1], [1, -0.9, 0.2])
print(z.tolist(), np.sort(pl.real).round(6).tolist(), k, sg.firwin(3, 0.5).round(6).tolist(), sg.square([0, 4.0]).tolist(), sg.sawtooth([np.pi]).round(6).tolist())
w, h = sg.freqz(b, a, worN=[0, 2 * np.pi * 20 / fs])
print(np.abs(h).round(6).tolist(), np.allclose(sg.hilbert(np.cos(2 * np.pi * 5 * t)).imag, np.sin(2 * np.pi * 5 * t)), sg.stft(x, fs, nperseg=64)[2].shape[0])
tt, s = sg.step(([1], [1, 1]), T=np.linspace(0, 5, 6))
print(s.round(4).tolist(), sg.cont2discrete(([1], [1, 1]), 0.1)[1].round(6).tolist())
