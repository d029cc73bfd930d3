import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, classification_report
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

X, y = load_iris(return_X_y=True)
print(X.shape, np.bincount(y).tolist(), X.mean(axis=0).round(4).tolist(), load_iris().target_names.tolist())
Xa, Xb, ya, yb = train_test_split(X, y, test_size=0.3, random_state=0, stratify=y)
print(Xa.shape, np.bincount(yb).tolist(), yb[:10].tolist())
for m in (LogisticRegression(max_iter=500), KNeighborsClassifier(5), GaussianNB(), SVC(kernel="rbf"), DecisionTreeClassifier(max_depth=3, random_state=0)):
    acc = accuracy_score(yb, m.fit(Xa, ya).predict(Xb))
    print(type(m).__name__, acc > 0.9, m.classes_.tolist())
knn = KNeighborsClassifier(3).fit(X, y)
print(knn.predict([[5, 3.4, 1.5, 0.2], [6.5, 3, 5.5, 2]]).tolist(), knn.kneighbors([X[0]], 1)[1].tolist(), knn.score(X, y))
cm = confusion_matrix(yb, GaussianNB().fit(Xa, ya).predict(Xb))
print(cm.sum(axis=1).tolist(), bool(np.trace(cm) >= 41), round(float(f1_score([0, 1, 1, 0], [0, 1, 0, 0])), 4))
p = LogisticRegression(max_iter=500).fit(X, y).predict_proba(X[:2])
print(p.shape, p.sum(axis=1).round(8).tolist(), bool((p[:, 0] > 0.95).all()))
rep = classification_report([0, 1, 1, 1], [0, 1, 0, 1], output_dict=True)
print(round(rep["1"]["precision"], 3), round(rep["1"]["recall"], 3), rep["accuracy"])
