import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif
from sklearn.impute import SimpleImputer, KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (StandardScaler, MinMaxScaler, OneHotEncoder, LabelEncoder, OrdinalEncoder, RobustScaler,
                                   Normalizer, Binarizer, KBinsDiscretizer, FunctionTransformer, LabelBinarizer, MultiLabelBinarizer)

X = np.array([[1.0, 10], [2, 20], [3, 60]])
print(StandardScaler().fit_transform(X).round(4).tolist(), MinMaxScaler().fit_transform(X).tolist(), RobustScaler().fit_transform(X).tolist())
print(Normalizer().fit_transform([[3, 4]]).tolist(), Binarizer(threshold=15).fit_transform(X)[:, 1].tolist(), KBinsDiscretizer(2, encode="ordinal", strategy="uniform").fit_transform(X).tolist())
enc = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit([["a"], ["b"], ["c"]])
print(enc.transform([["b"], ["zzz"]]).tolist(), enc.get_feature_names_out(["col"]).tolist(), LabelEncoder().fit_transform(["x", "z", "x"]).tolist(), OrdinalEncoder().fit_transform([["lo"], ["hi"]]).tolist())
print(LabelBinarizer().fit_transform(["p", "q", "r"]).tolist(), MultiLabelBinarizer().fit_transform([{"a"}, {"a", "b"}]).tolist(), FunctionTransformer(np.log1p).fit_transform([[0.0]]).tolist())
nan = np.nan
print(SimpleImputer(strategy="median").fit_transform([[1, nan], [3, 4], [8, 6]]).tolist(), KNNImputer(n_neighbors=1).fit_transform([[1, 2], [1.1, nan], [9, 9]]).tolist())
df = pd.DataFrame({"age": [22, 38, nan, 35, 54, 2], "sex": ["m", "f", "f", None, "m", "f"], "fare": [7.2, 71, 8, 53, 51, 21]})
df["sex"] = df["sex"].fillna("unknown").astype(object)
ct = ColumnTransformer([("num", Pipeline([("imp", SimpleImputer()), ("sc", StandardScaler())]), ["age", "fare"]), ("cat", OneHotEncoder(), ["sex"])])
Z = ct.fit_transform(df)
print(Z.shape, np.abs(np.asarray(Z)[:, :2].mean(axis=0)).max() < 1e-9, ct.get_feature_names_out().tolist())
pipe = Pipeline([("prep", ct), ("clf", LogisticRegression())]).fit(df, [0, 1, 1, 1, 0, 1])
print(pipe.predict(df.head(2)).tolist(), pipe.score(df, [0, 1, 1, 1, 0, 1]) >= 0.8, pipe.named_steps["clf"].coef_.shape, pipe.get_params()["clf__C"])
k = SelectKBest(f_classif, k=1).fit([[1, 5], [2, 1], [9, 4], [10, 2]], [0, 0, 1, 1])
print(k.get_support().tolist(), k.transform([[7, 8]]).tolist(), VarianceThreshold().fit_transform([[1, 0], [1, 5]]).tolist())
