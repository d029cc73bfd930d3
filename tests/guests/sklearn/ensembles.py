import numpy as np
from sklearn.datasets import make_classification, load_diabetes
from sklearn.ensemble import (RandomForestClassifier, GradientBoostingClassifier, AdaBoostClassifier, BaggingClassifier,
                              VotingClassifier, ExtraTreesClassifier, IsolationForest, RandomForestRegressor, HistGradientBoostingClassifier)
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier, export_text

X, y = make_classification(240, 8, n_informative=3, n_redundant=0, class_sep=1.5, shuffle=False, random_state=2)
rows = np.random.RandomState(0).permutation(240)
a, b = rows[:160], rows[160:]
for m in (RandomForestClassifier(12, random_state=0), GradientBoostingClassifier(n_estimators=12, random_state=0), AdaBoostClassifier(n_estimators=8, random_state=0),
          BaggingClassifier(n_estimators=10, random_state=0), ExtraTreesClassifier(12, random_state=0), HistGradientBoostingClassifier(max_iter=8, random_state=0)):
    print(type(m).__name__, m.fit(X[a], y[a]).score(X[b], y[b]) > 0.8, m.predict(X[:3]).shape)
rf = RandomForestClassifier(15, random_state=0).fit(X, y)
print(round(float(rf.feature_importances_.sum()), 8), bool(rf.feature_importances_[:3].sum() > 0.6), rf.score(X, y) > 0.95, len(rf.estimators_), (rf.predict(X) == RandomForestClassifier(15, random_state=0).fit(X, y).predict(X)).all())
v = VotingClassifier([("lr", LogisticRegression()), ("dt", DecisionTreeClassifier(max_depth=4, random_state=0))], voting="soft").fit(X[a], y[a])
print(v.score(X[b], y[b]) > 0.75, sorted(v.named_estimators_))
out = IsolationForest(random_state=0, n_estimators=15).fit_predict(np.r_[np.random.RandomState(1).normal(size=(60, 2)), [[9, 9]]])
print(int(out[-1]), int((out[:60] == 1).sum()) > 30)
pi = permutation_importance(rf, X[:100], y[:100], n_repeats=2, random_state=0)
print(bool(pi.importances_mean[:3].max() > pi.importances_mean[3:].max()), pi.importances.shape)
print(export_text(DecisionTreeClassifier().fit([[1, 0], [2, 0], [8, 0], [9, 0]], [0, 0, 1, 1]), feature_names=["size", "z"]))
Xd, yd = load_diabetes(return_X_y=True)
print(Xd.shape, int(yd.sum()), RandomForestRegressor(8, random_state=0).fit(Xd, yd).score(Xd, yd) > 0.8)
